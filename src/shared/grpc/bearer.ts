/** `authorization: Bearer TOKEN` on every call of a server, whatever the method (docs/security.md). */
import {
  Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { equalSecrets } from '../keys.ts';

const scheme = 'Bearer ';

/** Metadata of a call that carries `token`. */
export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `${scheme}${token}`);
  return metadata;
}

/** Refuses calls without `token` with UNAUTHENTICATED before their request is read. */
export function requireBearer(token: string): ServerInterceptor {
  // Hashes are of one length, so that the comparison tells nothing about the length of the token either.
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const expected = hash(token);
  const carriesToken = (metadata: Metadata): boolean => {
    const [value] = metadata.get('authorization');
    return (
      typeof value === 'string' &&
      value.startsWith(scheme) &&
      equalSecrets(hash(value.slice(scheme.length)), expected)
    );
  };
  return (_method, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (carriesToken(metadata)) next(metadata);
        else
          call.sendStatus({
            code: status.UNAUTHENTICATED,
            details: 'the call carries no valid bearer token: use the admin token of this process',
          });
      })
      .build();
    return new ServerInterceptingCall(
      call,
      new ResponderBuilder().withStart((next) => next(listener)).build(),
    );
  };
}
