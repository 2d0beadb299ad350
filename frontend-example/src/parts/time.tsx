// Times are shown in the reader's zone, which is also the zone the server cuts days in.

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeZone: "UTC" });
const isoDay = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

export function Moment({ at, withDate = false }: { at: string; withDate?: boolean }) {
  const moment = new Date(at);
  return <time dateTime={at}>{(withDate ? calendar : clock).format(moment)}</time>;
}

/** A calendar day (YYYY-MM-DD) in words. */
export const dayInWords = (day: string) => weekday.format(new Date(day));

/** The calendar day (YYYY-MM-DD) on which an instant falls here. */
export const dayOf = (instant: string) => isoDay.format(new Date(instant));
