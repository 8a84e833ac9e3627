/**
 * The order in which commands of a task set may run (SAM-5 §8.2): simple ones side by side; an ordered one waits for all
 * before it and holds back all after it; head of queue waits for nobody.
 */
export const taskAttribute = { untagged: 0, simple: 1, ordered: 2, headOfQueue: 3 } as const;

/** Commands that may run side by side, or one ordered command. The first group runs, those behind it wait. */
interface Group {
  readonly ordered: boolean;
  /** Not over, waiting ones included. */
  open: number;
  readonly waiting: (() => void)[];
}

const newGroup = (ordered: boolean): Group => ({ ordered, open: 0, waiting: [] });

export class TaskOrder {
  #groups: [Group, ...Group[]] = [newGroup(false)];

  /** The group that a simple command joins to run at once; undefined: it has to wait. Its end is told by `leave`. */
  get running(): Group | undefined {
    const [group] = this.#groups;
    return group.ordered || this.#groups.length > 1 ? undefined : group;
  }

  /** A simple command begins, in the group that `running` answered. */
  enter(group: Group): void {
    group.open += 1;
  }

  leave(group: Group): void {
    group.open -= 1;
    if (group.open === 0) this.#advance();
  }

  /** Runs `start` when its turn comes: at once, within this call, unless an ordered command is concerned. */
  async run<T>(attribute: number, start: () => Promise<T>): Promise<T> {
    const group = this.#groupFor(attribute);
    group.open += 1;
    this.#advance();
    const waits = attribute !== taskAttribute.headOfQueue && group !== this.#groups[0];
    if (waits) await new Promise<void>((resolve) => group.waiting.push(resolve));
    try {
      return await start();
    } finally {
      this.leave(group);
    }
  }

  #groupFor(attribute: number): Group {
    const last = this.#groups.at(-1) ?? this.#groups[0];
    const ordered = attribute === taskAttribute.ordered;
    if (!ordered && !last.ordered) return last;
    const group = newGroup(ordered);
    this.#groups.push(group);
    return group;
  }

  /** Past groups that are over. */
  #advance(): void {
    for (;;) {
      const [first, second, ...rest] = this.#groups;
      if (first.open > 0 || second === undefined) break;
      this.#groups = [second, ...rest];
      for (const start of second.waiting.splice(0)) start();
    }
    const [only] = this.#groups;
    // An ordered command that is over holds back nobody.
    if (only.ordered && only.open === 0) this.#groups = [newGroup(false)];
  }
}

export type { Group as TaskGroup };
