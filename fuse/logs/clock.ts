// Time as logs write it, in µs since the Unix epoch: dates in any of the usual orders, times of day without a date,
// minutes only, epoch seconds. What has no time gets the order of its lines, or its arrival while a log is followed.
// Local times are read in the time zone of this machine, as the programs that print them do.

const DAY_US = 86_400e6;
const DIGIT_0 = 48;

export interface ClockOptions {
  /** Around when the log was written, µs since the epoch: dates that lines do not have, and the order of lines. */
  baseUs: number;
  /** Now, µs since the epoch, for lines that are stamped on arrival. */
  nowUs?: () => number;
}

export class LogClock {
  /** Of the last stamp read. */
  us = 0;
  /** Where the text goes on behind it. */
  end = 0;
  /** Smallest step that it can tell, in µs. */
  stepUs = 1;
  /** Lines come as they are written: those without a time are stamped on arrival, and that is a time. */
  isLive = false;
  readonly #options: ClockOptions;
  readonly #hours = new Map<string, number>();
  #dayUs: number;
  #lastOfDayUs = -1;
  #lines = 0;
  #secondsOriginUs: number | null = null;

  constructor(options: ClockOptions) {
    this.#options = options;
    const day = new Date(options.baseUs / 1_000);
    this.#dayUs = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime() * 1_000;
  }

  /** For a line without a time. */
  arrival(): number {
    if (this.isLive) return this.#options.nowUs?.() ?? Date.now() * 1_000;
    return this.#options.baseUs + this.#lines++;
  }

  /** Reads the stamp at `at` into `us`, `end` and `stepUs`; false where there is none. */
  read(text: string, at = 0): boolean {
    return this.#date(text, at) || this.#timeOfDay(text, at) || this.#epoch(text, at);
  }

  /** Seconds since something else than the epoch, such as the start of the machine: the first one is `baseUs`. */
  seconds(text: string): number {
    const us = Number(text) * 1e6;
    this.#secondsOriginUs ??= this.#options.baseUs - us;
    this.us = Math.round(us + this.#secondsOriginUs);
    return this.us;
  }

  /** 2025/10/01 12:00:00.123456 with - or . for /, T for the blank, a comma for the dot, Z or an offset behind. */
  #date(text: string, at: number): boolean {
    const mark = text.charCodeAt(at + 4);
    const first = digits(text, at, 2);
    if (first < 0) return false;
    let year: number;
    let month: number;
    let day: number;
    if (mark === 45 || mark === 46 || mark === 47) {
      [year, month, day] = [digits(text, at, 4), digits(text, at + 5, 2), digits(text, at + 8, 2)];
      if (text.charCodeAt(at + 7) !== mark) return false;
    } else if (text.charCodeAt(at + 2) === 47 && text.charCodeAt(at + 5) === 47) {
      [day, month, year] = [first, digits(text, at + 3, 2), digits(text, at + 6, 4)];
    } else return false;
    const hour = digits(text, at + 11, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23) return false;
    const between = text.charCodeAt(at + 10);
    if (between !== 32 && between !== 84) return false;
    const rest = this.#minutes(text, at + 13);
    if (rest < 0) return false;
    const zone = this.#zone(text);
    const hourKey = text.slice(at, at + 13);
    if (zone === null) {
      let local = this.#hours.get(hourKey);
      if (local === undefined) {
        local = new Date(year, month - 1, day, hour).getTime() * 1_000;
        this.#keepHour(hourKey, local);
      }
      this.us = local + rest;
    } else {
      let utc = this.#hours.get(`${hourKey}Z`);
      if (utc === undefined) {
        utc = Date.UTC(year, month - 1, day, hour) * 1_000;
        this.#keepHour(`${hourKey}Z`, utc);
      }
      this.us = utc + rest - zone;
    }
    return true;
  }

  #keepHour(key: string, us: number): void {
    if (this.#hours.size > 1_000) this.#hours.clear();
    this.#hours.set(key, us);
  }

  /** 18:41:50.796468, 10:11AM, 10:11:12 PM: of the day of `baseUs`, and of the next when the clock goes back. */
  #timeOfDay(text: string, at: number): boolean {
    const width = text.charCodeAt(at + 1) === 58 ? 1 : 2;
    if (text.charCodeAt(at + width) !== 58) return false;
    let hour = digits(text, at, width);
    if (hour < 0 || hour > 23) return false;
    const rest = this.#minutes(text, at + width);
    if (rest < 0) return false;
    const half = /^ ?([AP])M\b/.exec(text.slice(this.end, this.end + 4));
    if (half) {
      hour = (hour % 12) + (half[1] === 'P' ? 12 : 0);
      this.end += half[0].length;
    } else if (this.stepUs === 60e6) return false;
    const ofDayUs = hour * 3_600e6 + rest;
    if (this.#lastOfDayUs - ofDayUs > DAY_US / 2) this.#dayUs += DAY_US;
    this.#lastOfDayUs = ofDayUs;
    this.us = this.#dayUs + ofDayUs;
    return true;
  }

  /** 1718900000.123456 */
  #epoch(text: string, at: number): boolean {
    const seconds = digits(text, at, 10);
    if (seconds < 1e8 || text.charCodeAt(at + 10) !== 46) return false;
    this.end = at + 10;
    this.us = seconds * 1e6 + this.#fraction(text);
    return this.stepUs < 1e6;
  }

  /** `:00:00.123456` or `:00`, as µs; -1 where it is not. */
  #minutes(text: string, at: number): number {
    const minute = digits(text, at + 1, 2);
    if (text.charCodeAt(at) !== 58 || minute < 0 || minute > 59) return -1;
    this.end = at + 3;
    this.stepUs = 60e6;
    if (text.charCodeAt(at + 3) !== 58) return minute * 60e6;
    const second = digits(text, at + 4, 2);
    if (second < 0 || second > 60) return -1;
    this.end = at + 6;
    return minute * 60e6 + second * 1e6 + this.#fraction(text);
  }

  /** `.123456` or `,375` at `end`, as µs; ns become quarters of µs and finer. */
  #fraction(text: string): number {
    this.stepUs = 1e6;
    const mark = text.charCodeAt(this.end);
    if (mark !== 46 && mark !== 44) return 0;
    let us = 0;
    let step = 1e5;
    let at = this.end + 1;
    for (; ; at++, step /= 10) {
      const digit = text.charCodeAt(at) - DIGIT_0;
      if (!(digit >= 0 && digit <= 9)) break;
      us += digit * step;
      this.stepUs = step;
    }
    if (at === this.end + 1) return 0;
    this.end = at;
    return this.stepUs < 1 ? Math.round(us * 1_000) / 1_000 : Math.round(us);
  }

  /** µs east of Greenwich behind a time; null where nothing is said. */
  #zone(text: string): number | null {
    const mark = text.charCodeAt(this.end);
    if (mark === 90) {
      this.end++;
      return 0;
    }
    if (mark !== 43 && mark !== 45) return null;
    const hours = digits(text, this.end + 1, 2);
    const colon = text.charCodeAt(this.end + 3) === 58 ? 1 : 0;
    const minutes = digits(text, this.end + 3 + colon, 2);
    if (hours < 0 || minutes < 0) return null;
    this.end += 5 + colon;
    return (mark === 45 ? -1 : 1) * (hours * 3_600e6 + minutes * 60e6);
  }
}

/** `count` digits at `at` as a number; -1 where there is anything else. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}
