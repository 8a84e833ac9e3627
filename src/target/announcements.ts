/** The port where a restarted pool says that it is back: the connection is the message, and a hint only. */
import { createServer } from 'node:net';
import { listening, listenOn, parseEndpoint } from '../shared/edge/endpoint.ts';

export interface Announcements {
  stop(): Promise<void>;
}

const connectionsMax = 16;

/** `listen` absent: nobody listens. */
export async function openAnnouncements(
  listen: string | undefined,
  announced: () => void,
): Promise<Announcements> {
  if (listen === undefined) return { stop: () => Promise.resolve() };
  const server = createServer((socket) => {
    // Nothing is read and nothing answered; whatever happens to the connection does not matter.
    socket.on('error', () => undefined);
    socket.destroy();
    announced();
  });
  server.maxConnections = connectionsMax;
  await listening('listen.announce', listen, listenOn(server, parseEndpoint(listen)));
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
