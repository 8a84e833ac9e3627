/** RFC 7143: numbering of commands and statuses, task management. */
import { describe, expect, test } from '@jest/globals';
import { noTag, reply, type Pdu } from '../../../e2e/initiator/wire.ts';
import { bytesOf, good, kinds, one, Talk } from '../../testing/iscsi-talk.ts';

describe('§4.2.2.1 command numbering', () => {
  test('ExpCmdSN and MaxCmdSN of every answer follow the commands that arrived and those that run', () => {
    const talk = new Talk({ limits: { commandsMax: 4 } }).enter();
    talk.command(1);
    talk.command(2);
    const { view } = one(talk.done(talk.ran[0]!.task, good));
    expect([view.getUint32(28), view.getUint32(32)]).toEqual([52, 54]); // two in, one still runs, three places left
  });
  test('a command outside the window is ignored without a word', () => {
    const talk = new Talk({ limits: { commandsMax: 4 } }).enter();
    expect(talk.command(1, { cmdSn: 49 })).toEqual([]);
    expect(talk.command(2, { cmdSn: 54 })).toEqual([]);
    expect([talk.ran.length, talk.closed]).toEqual([0, undefined]);
  });
  test('a gap ends the session at error recovery level 0', () => {
    const talk = new Talk().enter();
    expect(kinds(talk.command(1, { cmdSn: 51 }))).toEqual(['reject']);
    expect(talk.closed).toContain('gap');
  });
  test('immediate commands have no place in the window, and are bounded', () => {
    const talk = new Talk({ limits: { commandsMax: 1, immediateMax: 2 } }).enter();
    talk.command(1);
    talk.command(2, { immediate: true });
    talk.command(3, { immediate: true });
    const rejected = one(talk.command(4, { immediate: true }));
    expect([rejected.opcode, rejected.header[2]]).toEqual([reply.reject, 0x06]);
    expect(talk.ran).toHaveLength(3);
  });
});

describe('§4.2.2.2 status numbering', () => {
  test('StatSN grows by one with every status, not with data or a ping', () => {
    const talk = new Talk({ limits: { nopAfterMs: 10 } }).enter();
    talk.command(1, { read: 20_000 });
    const answers = talk.done(talk.ran[0]!.task, { status: 0, data: bytesOf(20_000), transferBytes: 20_000 });
    expect(kinds(answers)).toEqual(['dataIn', 'dataIn', 'dataIn']);
    const ping = one(talk.tick(1000));
    talk.command(2);
    const next = one(talk.done(talk.ran[1]!.task, good));
    const last = answers[2]!.view.getUint32(24);
    expect([ping.view.getUint32(24), next.view.getUint32(24)]).toEqual([last + 1, last + 1]);
  });
});

test('§4.2.2.2 a status without data counts too', () => {
  const talk = new Talk().enter();
  talk.command(1);
  talk.command(2);
  const numbers = talk.ran.map(({ task }) => one(talk.done(task, good)).view.getUint32(24));
  expect(numbers[1]).toBe((numbers[0] ?? 0) + 1);
});

describe('§11.5 task management', () => {
  test('ABORT TASK: a task that still collects data is gone at once', () => {
    const talk = new Talk().enter();
    talk.command(1, { write: 4096, more: true });
    talk.management(1, { referenced: 1 });
    expect(talk.managed.map(({ running }) => running.length)).toEqual([0]);
    expect(one(talk.answerManaged(talk.managed[0]!)).header[2]).toBe(0);
    expect(talk.dataOut(1, noTag, 0, 0, bytesOf(4096), true)).toEqual([]);
    expect(talk.ran).toHaveLength(0);
  });
  test('ABORT TASK: a task that still collects data gives its place in the window back', () => {
    const talk = new Talk().enter();
    const room = ({ view }: Pdu) => view.getUint32(32) - view.getUint32(28);
    const before = room(one(talk.management(1, { referenced: 99 })));
    talk.command(7, { write: 1 << 20, more: true });
    talk.management(1, { tag: 901, referenced: 7 });
    const [request] = talk.managed;
    if (request === undefined) throw new Error('the function was not handed on');
    expect(room(one(talk.answerManaged(request)))).toBe(before);
  });
  test('ABORT TASK: a task that runs is answered by nobody any more', () => {
    const talk = new Talk().enter();
    talk.command(1);
    talk.management(1, { referenced: 1 });
    expect(talk.managed[0]!.running).toEqual([talk.ran[0]!.task]);
    expect(talk.done(talk.ran[0]!.task, good)).toEqual([]);
  });
  test('ABORT TASK: one that is over does not exist', () => {
    const talk = new Talk().enter();
    talk.command(1);
    talk.done(talk.ran[0]!.task, good);
    expect(one(talk.management(1, { referenced: 1 })).header[2]).toBe(1);
  });
  // function, LUN → response, undefined: left to the target
  test.each([
    [2, 0, undefined],
    [3, 0, 5],
    [4, 0, undefined],
    [5, 0, undefined],
    [5, 1, 2],
    [6, 9, undefined],
    [7, 0, undefined],
    [8, 0, 4],
    [99, 0, 5],
  ])('function %i on LUN %i: %s', (fn, lun, response) => {
    const talk = new Talk().enter();
    talk.command(1);
    expect(talk.management(fn, { lun })[0]?.header[2]).toBe(response);
    expect(talk.managed).toHaveLength(response === undefined ? 1 : 0);
  });
  test('a place in the window is free again only when the aborted task is really over', () => {
    const talk = new Talk({ limits: { commandsMax: 1 } }).enter();
    talk.command(1);
    talk.abortTasks();
    expect(talk.command(2)).toEqual([]);
    expect(talk.ran).toHaveLength(1);
    talk.done(talk.ran[0]!.task, good);
    talk.command(2, { cmdSn: talk.cmdSn - 1 });
    expect(talk.ran).toHaveLength(2);
  });
  test('a cold reset ends the session', () => {
    const talk = new Talk().enter();
    talk.management(7);
    expect(kinds(talk.answerManaged(talk.managed[0]!))).toEqual(['taskManagement']);
    expect(talk.closed).toBe('target cold reset');
  });
});
