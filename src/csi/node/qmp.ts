/** One command to a QEMU process over its monitor socket (QEMU Machine Protocol: JSON lines). */
import { connect } from 'node:net';

/** QEMU refused the command, or nobody answers at the socket. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
}

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

const replyBytesMax = 1024 * 1024;

/** Resolves with what the command returns. `timeoutMs` covers connecting, the handshake and the answer. */
export function qmp(
  socketPath: string,
  command: { readonly execute: string; readonly arguments?: Readonly<Record<string, unknown>> },
  timeoutMs = 10_000,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    let received = '';
    let step: 'greeting' | 'handshake' | 'answer' = 'greeting';
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (why: string) => end(() => reject(new QmpError(`${command.execute}: ${why}`)));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    const send = (message: object) => socket.write(`${JSON.stringify(message)}\n`);
    const onLine = (line: string) => {
      const answer = JSON.parse(line) as Answer & { QMP?: unknown; event?: string };
      if (answer.event !== undefined) return;
      if (answer.error !== undefined) fail(answer.error.desc);
      else if (step === 'greeting') {
        step = 'handshake';
        send({ execute: 'qmp_capabilities' });
      } else if (step === 'handshake') {
        step = 'answer';
        send(command);
      } else end(() => resolve(answer.return));
    };
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      if (received.length > replyBytesMax) return fail('the answer is too long');
      const lines = received.split('\n');
      received = lines.pop() ?? '';
      for (const line of lines.filter((l) => l.trim() !== '')) onLine(line);
    });
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection was closed'));
  });
}
