// Live figures: asked for again and again while the page is seen, each with how it went.

import { result } from "@wasgo/chat";
import { getFigures } from "@wasgo/chat/rest";
import { useEffect, useState } from "preact/hooks";
import { Spinner } from "../shared/controls.tsx";
import { text } from "../shared/text.ts";
import { type Sample, ago, messageRate, share } from "./rates.ts";
import { useClient } from "./session.ts";
import { Sparkline } from "./sparkline.tsx";
import { number, words } from "./text.ts";

const EVERY_MS = 2_000;
const KEPT = 60;
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

const behind = (one: Sample) => one.figures.readers.reduce((sum, reader) => sum + reader.events, 0);

export function Figures() {
  const { samples, isStale } = useSamples();
  const newest = samples.at(-1);
  if (!newest) return <main class="sheet figures" aria-label={words.figures}><p class="waiting"><Spinner label={text.loading} /></p></main>;
  const { figures } = newest;
  const rates = samples.map((one, at) => messageRate(samples[at - 1], one));
  const p99s = samples.map((one, at) => share(ago(samples.slice(0, at + 1), WHILE_MS), one, 0.99)).map((s) => (s === undefined ? undefined : s * 1000));
  const p99 = p99s.at(-1);
  const waits = figures.readers.flatMap((reader) => (reader.oldest_at ? [(newest.at - Date.parse(reader.oldest_at)) / 1000] : []));
  const { pending, sending, retrying, dead } = figures.deliveries;
  const rate = rates.at(-1);
  return (
    <main class="sheet figures" tabIndex={0} aria-label={words.figures}>
      <h2 class="only-read">{words.figures}</h2>
      <p class="soft">{words.figuresHint}</p>
      {isStale && <p role="alert" class="error">{words.stale}</p>}
      <ul class="cards">
        <Card name={words.sockets} value={number(figures.sockets)} hint={words.workers(figures.workers)} trend={samples.map((one) => one.figures.sockets)} />
        <Card name={words.messageRate} value={rate === undefined ? words.notCounted : number(rate)} hint={words.sinceStart(figures.messages)} trend={rates} />
        <Card name={words.p99} value={p99 === undefined ? words.notCounted : words.milliseconds(p99)} hint={p99 === undefined ? words.quiet : words.p99Hint} trend={p99s} />
        <Card name={words.lag} value={number(behind(newest))} hint={waits.length ? words.lagAge(Math.max(0, ...waits)) : words.lagHint(figures.readers.map((one) => one.reader).join(", "))} trend={samples.map(behind)} />
        <Card name={words.waiting} value={number(pending + sending + retrying)} hint={words.waitingHint(sending, retrying)} trend={samples.map(({ figures: { deliveries: one } }) => one.pending + one.sending + one.retrying)} />
        <Card name={words.deadFigure} value={number(dead)} hint={words.deadHint} trend={samples.map((one) => one.figures.deliveries.dead)} isBad={dead > 0} />
      </ul>
    </main>
  );
}

function Card({ name, value, hint, trend, isBad = false }: { name: string; value: string; hint: string; trend: readonly (number | undefined)[]; isBad?: boolean }) {
  const values = trend.filter((one) => one !== undefined);
  return (
    <li class={`card ${isBad ? "bad" : ""}`}>
      <h3>{name}</h3>
      <p class="figure">{value}</p>
      <p class="soft">{hint}</p>
      <Sparkline values={values} label={words.trend(name, Math.min(...values), Math.max(...values))} />
    </li>
  );
}
