/** A demo as a list of promises: what was said would happen, what happened, how long it took. */

interface Chapter {
  readonly name: string;
  readonly happened: string;
  readonly seconds: number;
  readonly kept: boolean;
}

export class Story {
  readonly #startMs = performance.now();
  readonly #chapters: Chapter[] = [];

  /** A progress line. */
  tell(line: string): void {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
    console.log(`[${clock}] ${line}`);
  }

  /** One promise. `act` answers what happened, in a few words; when it throws, the promise was not kept and the story ends. */
  async chapter(name: string, act: () => Promise<string>): Promise<void> {
    this.tell(`${name} …`);
    const startMs = performance.now();
    const done = (happened: string, kept: boolean) => {
      const seconds = (performance.now() - startMs) / 1000;
      this.#chapters.push({ name, happened, seconds, kept });
      this.tell(`${kept ? '  ' : '  NOT AS PROMISED: '}${happened} (${seconds.toFixed(1)} s)`);
    };
    try {
      done(await act(), true);
    } catch (error) {
      done(error instanceof Error ? error.message : String(error), false);
      throw error;
    }
  }

  /** The closing table. */
  table(): string {
    const rows = this.#chapters.map((chapter) => [
      chapter.kept ? 'yes' : 'NO',
      chapter.name,
      (chapter.happened.split('\n')[0] ?? '').slice(0, 100),
      `${chapter.seconds.toFixed(1)} s`,
    ]);
    const total = (performance.now() - this.#startMs) / 1000;
    rows.push([
      rows.every(([kept]) => kept === 'yes') ? 'yes' : 'NO',
      'all of it',
      '',
      `${total.toFixed(1)} s`,
    ]);
    const titled = [['kept', 'promise', 'what happened', 'took'], ...rows];
    const widths = [0, 1, 2, 3].map((column) => Math.max(...titled.map((row) => (row[column] ?? '').length)));
    const lines = titled.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
    return lines.join('\n');
  }

  get kept(): boolean {
    return this.#chapters.length > 0 && this.#chapters.every((chapter) => chapter.kept);
  }
}
