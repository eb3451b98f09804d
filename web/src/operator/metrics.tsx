// Live figures: asked for again and again while the page is seen, each with how it went.

import { result } from "@wasgo/chat";
import { getFigures } from "@wasgo/chat/rest";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Spinner } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { type Sample, ago, messageRate, share } from "./rates.ts";
import { useClient } from "./session.ts";
import { type Point, SPANS_MS, Sparkline } from "./sparkline.tsx";
import { formatNumber, operatorText } from "./text.ts";

const EVERY_MS = 2_000;
const KEPT = SPANS_MS[2] / EVERY_MS;
const WHILE_MS = 30_000;

function useSamples(): { samples: readonly Sample[]; isStale: boolean } {
  const client = useClient();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [isStale, setIsStale] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isWanted = true;
    const look = async () => {
      if (document.visibilityState === "visible") {
        const figures = await result(getFigures({ client })).catch(() => undefined);
        if (!isWanted) return;
        setIsStale(figures === undefined);
        if (figures) setSamples((before) => [...before.slice(1 - KEPT), { at: Date.parse(figures.at), figures }]);
      }
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [client]);
  return { samples, isStale };
}

type Readers = Sample["figures"]["readers"];

/** Of the reader that is furthest behind: a sum over readers would be a number of nothing. */
const furthest = (readers: Readers) => Math.max(0, ...readers.map((one) => one.events));

export function Figures() {
  const { samples, isStale } = useSamples();
  const newest = samples.at(-1);
  if (!newest) return <main class="sheet figures" aria-label={operatorText.metrics}><p class="waiting"><Spinner label={text.loading} /></p></main>;
  const { figures } = newest;
  const of = (value: (sample: Sample, at: number) => number | undefined): readonly Point[] =>
    samples.flatMap((one, at) => {
      const found = value(one, at);
      return found === undefined ? [] : [{ at: one.at, value: found }];
    });
  const rates = of((one, at) => messageRate(samples[at - 1], one));
  const p99s = of((one, at) => {
    const seconds = share(ago(samples.slice(0, at + 1), WHILE_MS), one, 0.99);
    return seconds === undefined ? undefined : seconds * 1000;
  });
  const isNew = (point: Point | undefined): point is Point => point?.at === newest.at;
  const [rate, p99] = [rates.at(-1), p99s.at(-1)];
  const { pending, sending, retrying, dead } = figures.deliveries;
  const shared = { since: samples[0]?.at ?? newest.at, now: newest.at };
  return (
    <main class="sheet figures" tabIndex={0} aria-label={operatorText.metrics}>
      <h2 class="only-read">{operatorText.metrics}</h2>
      <p class="soft">{operatorText.metricsHint}</p>
      {isStale && <p role="alert" class="error">{operatorText.stale}</p>}
      <ul class="cards">
        <Card {...shared} name={operatorText.sockets} value={formatNumber(figures.sockets)} hint={operatorText.workers(figures.workers)} points={of((one) => one.figures.sockets)} />
        <Card {...shared} name={operatorText.messageRate} value={isNew(rate) ? formatNumber(rate.value) : operatorText.noValue} hint={operatorText.sinceStart(figures.messages)} points={rates} />
        <Card {...shared} name={operatorText.p99} value={isNew(p99) ? operatorText.milliseconds(p99.value) : operatorText.noValue} hint={isNew(p99) ? operatorText.p99Hint : operatorText.noDeliveries} points={p99s} />
        <Card {...shared} name={operatorText.pendingDeliveries} value={formatNumber(pending + sending + retrying)} hint={operatorText.pendingHint(sending, retrying)} points={of(({ figures: { deliveries: one } }) => one.pending + one.sending + one.retrying)} />
        <Card {...shared} name={operatorText.failedDeliveries} value={formatNumber(dead)} hint={operatorText.failedDeliveriesHint} points={of((one) => one.figures.deliveries.dead)} isBad={dead > 0} />
        <Card {...shared} name={operatorText.lag} value={operatorText.events(furthest(figures.readers))} hint={operatorText.slowestReader} points={of((one) => furthest(one.figures.readers))}>
          <Lags of={figures.readers} now={newest.at} />
        </Card>
      </ul>
    </main>
  );
}

/** How far each reader of the log is behind. */
function Lags({ of, now }: { of: Readers; now: number }) {
  return (
    <ul class="readers">
      {of.map((one) => (
        <li key={one.reader}>
          <code>{one.reader}</code>
          <span>{one.events === 0 ? operatorText.upToDate : operatorText.events(one.events)}</span>
          <span class="soft">{one.oldest_at ? operatorText.lagAge(Math.max(0, (now - Date.parse(one.oldest_at)) / 1000)) : ""}</span>
        </li>
      ))}
    </ul>
  );
}

function Card({ name, value, hint, points, since, now, isBad = false, children }: {
  name: string;
  value: string;
  hint: string;
  points: readonly Point[];
  since: number;
  now: number;
  isBad?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <li class={`card ${isBad ? "bad" : ""}`}>
      <h3>{name}</h3>
      <p class="figure">{value}</p>
      <p class="soft">{hint}</p>
      {children}
      <Sparkline points={points} name={name} since={since} now={now} />
    </li>
  );
}
