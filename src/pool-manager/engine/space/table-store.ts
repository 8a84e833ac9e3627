/**
 * The table among the items of checkpoints: `table/<group>/<page>`, `table-log/<checkpoint>`, `summary/<place>`. Each checkpoint writes a
 * log of what changed and a sixteenth of the pages, in turn; a log is needed until every page is younger.
 */
import type { ItemReader, ItemWriter } from '../checkpoint/item-store.ts';
import type { Appender } from './appender.ts';
import { pageSegments, segmentFlag } from './segments.ts';
import { emptiedNext, type SpaceTable } from './space-table.ts';
import { newSummary, type Summary } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';
import { applyLog, finishLoad } from './table-load.ts';
import { groupOfWhere, segmentOfWhere, TableError } from './table-log.ts';
import { decodePage } from './page-load.ts';
import { encodePage } from './table-page.ts';

/** So many checkpoints until every page has been written. */
const rounds = 16;
/** Items that are read at once at import: pages of a large pool are some 40 KiB. */
const itemsAhead = 16;
const pagePrefix = 'table/';
const logPrefix = 'table-log/';
const summaryPrefix = 'summary/';

export class TableStore {
  /** Batches that replay has bound, and where they are: they are noted at the next checkpoint. */
  readonly bound = new Map<number, { readonly id: number; readonly base: number }>();
  readonly #table: SpaceTable;
  readonly #appender: Appender;
  readonly #summaries: SummaryReader;
  /** By page: the checkpoint that wrote it last; 0 when none has. */
  readonly #pageTxg: number[] = [];
  readonly #pause: () => Promise<void>;
  #writing: Promise<void> | undefined;
  #cursor = 0;
  #logs: number[] = [];
  /** Items that are summaries. */
  #summaryKeys: ReadonlySet<string> = new Set();

  constructor(
    table: SpaceTable,
    appender: Appender,
    summaries: SummaryReader,
    pause: (() => Promise<void>) | undefined,
  ) {
    this.#pause = pause ?? (() => Promise.resolve());
    this.#table = table;
    this.#appender = appender;
    this.#summaries = summaries;
  }

  /** Pages are being written until this resolves; undefined: none is. Nothing may move from one to another meanwhile. */
  get writing(): Promise<void> | undefined {
    return this.#writing;
  }

  async write(txg: number, items: ItemWriter): Promise<void> {
    this.#writeLog(txg, items);
    this.#writing = this.#writePages(txg, items);
    await this.#writing;
    this.#writing = undefined;
  }

  #writeLog(txg: number, items: ItemWriter): void {
    const table = this.#table;
    for (const { id, base } of this.bound.values()) table.finish(id, base);
    this.bound.clear();
    this.#appender.noteBatches();
    for (const { id } of this.#appender.openSegments) this.#table.touched.add(id);
    for (const id of this.#table.touched) table.holdIfEmpty(id);
    for (const id of this.#table.touched) this.#noteTxgs(id);
    table.units.takeLive((id, bits) => table.log.live(table.where(id), bits));
    for (const id of table.held)
      if (table.segments.emptied[id] === emptiedNext) table.segments.emptied[id] = txg;
    table.heldNewlyUnits = 0;
    items.put(`${logPrefix}${txg}`, table.log.take(table.clock));
    this.#logs.push(txg);
    this.#writeSummaries(items);
  }

  #dropLogs(items: ItemWriter): void {
    const needed = this.#logs.filter((log) => this.#pagesBefore(log));
    for (const log of this.#logs) if (!needed.includes(log)) items.delete(`${logPrefix}${log}`);
    this.#logs = needed;
  }

  async load(items: ItemReader, txg: number): Promise<void> {
    const table = this.#table;
    for await (const { key, bytes } of readAhead(items, items.keys(pagePrefix))) {
      const found = decodePage(table, bytes, (page) => key === this.#pageKey(page));
      this.#pageTxg[found.page] = found.txg;
    }
    this.#logs = items
      .keys(logPrefix)
      .map((key) => Number(key.slice(logPrefix.length)))
      .toSorted((a, b) => a - b);
    const logs = this.#logs.map((log) => `${logPrefix}${log}`);
    for await (const { key, bytes } of readAhead(items, logs))
      applyLog(table, bytes, Number(key.slice(logPrefix.length)), this.#pageTxg);
    await finishLoad(table, txg, this.#pause);
    await this.#loadSummaries(items);
    const ages = Array.from({ length: table.segments.pages }, (_, page) => this.#txgOf(page));
    this.#cursor = ages.indexOf(Math.min(...ages));
  }

  async #writePages(txg: number, items: ItemWriter): Promise<void> {
    const { pages } = this.#table.segments;
    this.#table.touched.clear();
    for (let count = Math.ceil(pages / rounds); count > 0; count--) {
      await this.#pause(); // after the log, and after each page
      const page = this.#cursor % pages;
      items.put(
        this.#pageKey(page),
        encodePage(this.#table, page, txg, (id) => this.#lastTxg(id)),
      );
      this.#pageTxg[page] = txg;
      this.#cursor = page + 1;
    }
    this.#dropLogs(items);
  }

  /** Summaries that are not on the devices: of what is being written, and of what a crash left without. */
  #writeSummaries(items: ItemWriter): void {
    const written = new Set<string>();
    const put = (id: number, summary: Summary): void => {
      const key = `${summaryPrefix}${this.#table.where(id)}`;
      written.add(key);
      if (this.#table.touched.has(id) || !this.#summaryKeys.has(key))
        items.put(key, new Uint8Array(summary.slice().buffer));
    };
    for (const { id, isFinished, summary } of this.#appender.openSegments) if (!isFinished) put(id, summary);
    for (const [id, summary] of this.#summaries.kept) put(id, summary);
    for (const key of this.#summaryKeys) if (!written.has(key)) items.delete(key);
    this.#summaryKeys = written;
  }

  async #loadSummaries(items: ItemReader): Promise<void> {
    const { segments } = this.#table;
    this.#summaryKeys = new Set(items.keys(summaryPrefix));
    for (const key of this.#summaryKeys) {
      const where = Number(key.slice(summaryPrefix.length));
      const id = segments.id(groupOfWhere(where), segmentOfWhere(where));
      if ((segments.used[id] ?? 0) === 0 || segments.has(id, segmentFlag.summarized)) continue;
      const bytes = await items.get(key);
      const summary = newSummary(segments.spaceOf(id).dataUnits);
      if (bytes.byteLength !== summary.byteLength) throw new TableError(`${key} has another length`);
      new Uint8Array(summary.buffer).set(bytes);
      this.#summaries.kept.set(id, summary);
    }
  }

  #noteTxgs(id: number): void {
    const { segments, log } = this.#table;
    const { group } = segments.spaceOf(id);
    const segment = segments.numberOf(id);
    log.txgs(this.#table.where(id), group.firstTxg(segment), this.#lastTxg(id));
  }

  /** What is not written yet may still be written in the checkpoint that follows. */
  #lastTxg(id: number): number {
    const { segments } = this.#table;
    const { group } = segments.spaceOf(id);
    const last = group.lastTxg(segments.numberOf(id));
    return this.#appender.isUnwritten(id) ? Math.max(last, group.openTxg) : last;
  }

  /** Whether a page is older than this log. */
  #pagesBefore(log: number): boolean {
    for (let page = 0; page < this.#table.segments.pages; page++) if (this.#txgOf(page) < log) return true;
    return false;
  }

  #txgOf(page: number): number {
    return this.#pageTxg[page] ?? 0;
  }

  #pageKey(page: number): string {
    const { pageGroup, pageFirst } = this.#table.segments;
    return `${pagePrefix}${pageGroup[page]}/${(pageFirst[page] ?? 0) / pageSegments}`;
  }
}

/** Items in this order, with the next ones being read meanwhile. */
async function* readAhead(
  items: ItemReader,
  keys: readonly string[],
): AsyncGenerator<{ readonly key: string; readonly bytes: Uint8Array }> {
  const reading: Promise<Uint8Array>[] = [];
  for (const [i, key] of keys.entries()) {
    while (reading.length < Math.min(itemsAhead, keys.length - i)) {
      const next = items.get(keys[i + reading.length] ?? key);
      next.catch(() => undefined); // told when it is its turn
      reading.push(next);
    }
    const bytes = await reading.shift();
    if (bytes !== undefined) yield { key, bytes };
  }
}
