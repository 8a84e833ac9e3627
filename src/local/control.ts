/**
 * How other commands speak to the one that runs in D: one line of JSON each way on a socket that only its user reaches
 * (folder 700, socket 600).
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ForcedWish } from '../replication/forced-change.ts';
import { answers, listenOn } from '../shared/edge/endpoint.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { controlSocket } from './processes.ts';

export type Request =
  | { readonly do: 'who' }
  | { readonly do: 'status' }
  | { readonly do: 'restart'; readonly name: string }
  /** Begins a change; `name`: the pool whose replica goes. */
  | { readonly do: 'members'; readonly change: MembersChange; readonly name: string }
  /** How far it is. */
  | { readonly do: 'change' }
  /** Begins a comparison of the replicas; how far it is. */
  | { readonly do: 'scrub' }
  | { readonly do: 'scrubbed' }
  /** Makes a volume of a snapshot, and a target that serves it. */
  | { readonly do: 'clone'; readonly snapshot: string; readonly listen: string }
  /** `name`: of its process. */
  | { readonly do: 'removeClone'; readonly name: string }
  /** Goes on with the survivors alone. */
  | ({ readonly do: 'force' } & ForcedWish);
export type MembersChange = (typeof membersChanges)[number];
export const membersChanges = ['add', 'remove', 'move'] as const;
type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly usage: boolean; readonly message: string };

const lineCharactersMax = 4_096;
const idleMs = 120_000;

export async function serveControl(
  run: string,
  handle: (request: Request) => Promise<unknown>,
  log: Log,
): Promise<Server> {
  const server = createServer((socket) => {
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('error', (error) => log.debug('control connection broke', { error }));
    respond(socket, handle).catch((error: unknown) => log.error('control request failed', { error }));
  });
  server.maxConnections = 16;
  await listenOn(server, { kind: 'unix', path: controlSocket(run) });
  return server;
}

async function respond(socket: Socket, handle: (request: Request) => Promise<unknown>): Promise<void> {
  const line = await firstLine(socket);
  const request = line === undefined ? undefined : parseRequest(line);
  if (request === undefined) {
    socket.destroy();
    return;
  }
  let answer: Answer;
  try {
    answer = { ok: true, value: await handle(request) };
  } catch (error) {
    const usage = error instanceof UsageError;
    answer = { ok: false, usage, message: error instanceof Error ? error.message : String(error) };
  }
  socket.end(`${JSON.stringify(answer)}\n`);
}

/** Undefined when the peer ends, breaks off or writes more than a request can be. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += String(chunk);
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > lineCharactersMax) resolve(undefined);
    });
    socket.once('close', () => resolve(undefined));
    socket.once('end', () => resolve(undefined));
  });
}

function parseRequest(line: string): Request | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('do' in value)) return undefined;
  const plain = (['who', 'status', 'change', 'scrub', 'scrubbed'] as const).find((one) => one === value.do);
  if (plain !== undefined) return { do: plain };
  if (value.do === 'restart' && 'name' in value && typeof value.name === 'string')
    return { do: 'restart', name: value.name };
  if (value.do === 'members' && 'name' in value && typeof value.name === 'string' && 'change' in value) {
    const change = membersChanges.find((one) => one === value.change);
    if (change !== undefined) return { do: 'members', change, name: value.name };
  }
  if (value.do === 'removeClone' && 'name' in value && typeof value.name === 'string')
    return { do: 'removeClone', name: value.name };
  if (value.do === 'clone' && 'snapshot' in value && 'listen' in value)
    if (typeof value.snapshot === 'string' && typeof value.listen === 'string')
      return { do: 'clone', snapshot: value.snapshot, listen: value.listen };
  if (value.do === 'force') return parseForced(value);
  return undefined;
}

function parseForced(value: object): Request | undefined {
  const { volume, survivors, loss }: Partial<ForcedWish> = value;
  return typeof volume === 'string' &&
    typeof loss === 'string' &&
    Array.isArray(survivors) &&
    survivors.every((name) => typeof name === 'string')
    ? { do: 'force', volume, survivors, loss }
    : undefined;
}

/** Whether a command that runs in D answers. */
export const isRunning = (run: string | undefined): Promise<boolean> =>
  run === undefined ? Promise.resolve(false) : answers({ kind: 'unix', path: controlSocket(run) });

/** Rejects with UsageError or Error, as the running command did; `answersWithinMs` bounds the wait. */
export function askControl(run: string, request: Request, answersWithinMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: controlSocket(run) });
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(answersWithinMs, () => {
      socket.destroy(
        new CommandError(`the running command gave no answer within ${answersWithinMs / 1_000} s`),
      );
    });
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.once('error', reject);
    socket.once('end', () => {
      if (text === '') return reject(new CommandError('the running command ended'));
      const answer = JSON.parse(text) as Answer;
      if (answer.ok) resolve(answer.value);
      else reject(answer.usage ? new UsageError(answer.message) : new CommandError(answer.message));
      return undefined;
    });
  });
}
