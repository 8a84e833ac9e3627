/**
 * X.509 certificates (RFC 5280) as a small authority of our own makes them: P-256 keys, ECDSA with SHA-256, nothing that the
 * two ends of a link do not look at. DER is written, never read.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8: secret. */
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate that signs others and itself. */
export function makeAuthority(name: string, validity: Validity): Certificate {
  return make(name, name, validity, undefined, [
    extension('551d13', true, sequence(boolean(true))), // basic constraints: an authority
    extension('551d0f', true, tagged(0x03, Uint8Array.of(1, 0x06))), // key usage: signs certificates and lists
  ]);
}

/** One end of a link, whichever: it calls and is called. */
export function makeCertificate(
  authority: Certificate,
  issuer: string,
  name: string,
  validity: Validity,
): Certificate {
  return make(name, issuer, validity, authority.key, [
    extension('551d13', true, sequence()),
    extension('551d0f', true, tagged(0x03, Uint8Array.of(7, 0x80))), // key usage: signs handshakes
    // Extended key usage: TLS server and client.
    extension('551d25', false, sequence(identifier('2b06010505070301'), identifier('2b06010505070302'))),
    extension('551d11', false, sequence(tagged(0x82, Buffer.from(name)))), // DNS name
  ]);
}

function make(
  name: string,
  issuer: string,
  { notBefore, notAfter }: Validity,
  signingKey: string | undefined,
  extensions: readonly Uint8Array[],
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f); // positive, and of one length
  const signed = sequence(
    tagged(0xa0, tagged(0x02, Uint8Array.of(2))), // version 3
    tagged(0x02, serial),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(name),
    publicKeyInfo(publicKey),
    tagged(0xa3, sequence(...extensions, ...keyIdentifiers(publicKey, signingKey))),
  );
  const signature = sign('sha256', signed, signingKey ?? key);
  const whole = sequence(signed, ecdsaWithSha256, bitString(signature));
  return { certificate: pem(whole), key: String(key) };
}

/** Which key this is, and which one has signed (§4.2.1.1, §4.2.1.2). */
function keyIdentifiers(own: KeyObject, signingKey: string | undefined): readonly Uint8Array[] {
  const of = (key: KeyObject) => createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20);
  const subject = extension('551d0e', false, tagged(0x04, of(own)));
  if (signingKey === undefined) return [subject];
  return [subject, extension('551d23', false, sequence(tagged(0x80, of(createPublicKey(signingKey)))))];
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { byteLength } = content;
  const length =
    byteLength < 0x80
      ? [byteLength]
      : byteLength < 0x100
        ? [0x81, byteLength]
        : [0x82, byteLength >> 8, byteLength & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tagged(0x30, ...parts);
const identifier = (hex: string): Uint8Array => tagged(0x06, Buffer.from(hex, 'hex'));
const boolean = (value: boolean): Uint8Array => tagged(0x01, Uint8Array.of(value ? 0xff : 0));
const bitString = (bytes: Uint8Array): Uint8Array => tagged(0x03, Uint8Array.of(0), bytes);
const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'));

const commonName = (name: string): Uint8Array =>
  sequence(tagged(0x31, sequence(identifier('550403'), tagged(0x0c, Buffer.from(name)))));

const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(identifier(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));

/** UTCTime up to 2049, GeneralizedTime from then on (§4.1.2.5). */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

const publicKeyInfo = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' });

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END CERTIFICATE-----\n`;
