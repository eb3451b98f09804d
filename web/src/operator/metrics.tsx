// Live metrics, polled while the page is visible, each with its recent trend.

import { unwrap } from "@wasgo/chat";
import { getFigures } from "@wasgo/chat/rest";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Spinner } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { type Sample, deliveryQuantile, messageRate, sampleBefore } from "./metric-rates.ts";
import { useClient } from "./session.ts";
import { type Point, SPANS_MS, Sparkline } from "./sparkline.tsx";
import { formatNumber, operatorText } from "./text.ts";

const INTERVAL_MS = 2_000;
const MAX_SAMPLES = SPANS_MS[2] / INTERVAL_MS;
const WINDOW_MS = 30_000;

function useSamples(): { samples: readonly Sample[]; isStale: boolean } {
  const client = useClient();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [isStale, setIsStale] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isActive = true;
    const poll = async () => {
      if (document.visibilityState === "visible") {
        const metrics = await unwrap(getFigures({ client })).catch(() => undefined);
        if (!isActive) return;
        setIsStale(metrics === undefined);
        if (metrics) setSamples((before) => [...before.slice(1 - MAX_SAMPLES), { at: Date.parse(metrics.at), metrics }]);
      }
      timer = setTimeout(() => void poll(), INTERVAL_MS);
    };
    void poll();
    return () => {
      isActive = false;
      clearTimeout(timer);
    };
  }, [client]);
  return { samples, isStale };
}

type Consumers = Sample["metrics"]["readers"];

/** Events that the slowest consumer is behind. A sum over all consumers would count events several times. */
const maxLag = (consumers: Consumers) => Math.max(0, ...consumers.map((consumer) => consumer.events));

export function Metrics() {
  const { samples, isStale } = useSamples();
  const newest = samples.at(-1);
  if (!newest) return <main class="sheet metrics" aria-label={operatorText.metrics}><p class="waiting"><Spinner label={text.loading} /></p></main>;
  const { metrics } = newest;
  const series = (valueOf: (sample: Sample, at: number) => number | undefined): readonly Point[] =>
    samples.flatMap((sample, at) => {
      const value = valueOf(sample, at);
      return value === undefined ? [] : [{ at: sample.at, value }];
    });
  const rates = series((sample, at) => messageRate(samples[at - 1], sample));
  const p99s = series((sample, at) => {
    const seconds = deliveryQuantile(sampleBefore(samples.slice(0, at + 1), WINDOW_MS), sample, 0.99);
    return seconds === undefined ? undefined : seconds * 1000;
  });
  const isCurrent = (point: Point | undefined): point is Point => point?.at === newest.at;
  const [rate, p99] = [rates.at(-1), p99s.at(-1)];
  const { pending, sending, retrying, dead } = metrics.deliveries;
  const shared = { since: samples[0]?.at ?? newest.at, now: newest.at };
  return (
    <main class="sheet metrics" tabIndex={0} aria-label={operatorText.metrics}>
      <h2 class="visually-hidden">{operatorText.metrics}</h2>
      <p class="soft">{operatorText.metricsHint}</p>
      {isStale && <p role="alert" class="error">{operatorText.stale}</p>}
      <ul class="cards">
        <Card {...shared} name={operatorText.sockets} value={formatNumber(metrics.sockets)} hint={operatorText.workers(metrics.workers)} points={series((sample) => sample.metrics.sockets)} />
        <Card {...shared} name={operatorText.messageRate} value={isCurrent(rate) ? formatNumber(rate.value) : operatorText.noValue} hint={operatorText.sinceStart(metrics.messages)} points={rates} />
        <Card {...shared} name={operatorText.p99} value={isCurrent(p99) ? operatorText.milliseconds(p99.value) : operatorText.noValue} hint={isCurrent(p99) ? operatorText.p99Hint : operatorText.noDeliveries} points={p99s} />
        <Card {...shared} name={operatorText.pendingDeliveries} value={formatNumber(pending + sending + retrying)} hint={operatorText.pendingHint(sending, retrying)} points={series(({ metrics: { deliveries: one } }) => one.pending + one.sending + one.retrying)} />
        <Card {...shared} name={operatorText.failedDeliveries} value={formatNumber(dead)} hint={operatorText.failedDeliveriesHint} points={series((sample) => sample.metrics.deliveries.dead)} isAlert={dead > 0} />
        <Card {...shared} name={operatorText.lag} value={operatorText.events(maxLag(metrics.readers))} hint={operatorText.slowestConsumer} points={series((sample) => maxLag(sample.metrics.readers))}>
          <ConsumerLags consumers={metrics.readers} now={newest.at} />
        </Card>
      </ul>
    </main>
  );
}

function ConsumerLags({ consumers, now }: { consumers: Consumers; now: number }) {
  return (
    <ul class="consumers">
      {consumers.map((consumer) => (
        <li key={consumer.reader}>
          <code>{consumer.reader}</code>
          <span>{consumer.events === 0 ? operatorText.upToDate : operatorText.events(consumer.events)}</span>
          <span class="soft">{consumer.oldest_at ? operatorText.lagAge(Math.max(0, (now - Date.parse(consumer.oldest_at)) / 1000)) : ""}</span>
        </li>
      ))}
    </ul>
  );
}

function Card({ name, value, hint, points, since, now, isAlert = false, children }: {
  name: string;
  value: string;
  hint: string;
  points: readonly Point[];
  since: number;
  now: number;
  isAlert?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <li class={`card ${isAlert ? "alert" : ""}`}>
      <h3>{name}</h3>
      <p class="metric">{value}</p>
      <p class="soft">{hint}</p>
      {children}
      <Sparkline points={points} name={name} since={since} now={now} />
    </li>
  );
}
