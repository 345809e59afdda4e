/** Prometheus metrics of a worker: one registry, created by name, served on /metrics. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Buckets for latencies in milliseconds, from a loopback hop to a stuck broker. */
export const LATENCY_BUCKETS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;

/** The metrics of one worker. Names get the prefix `mainspring_`, every sample the label `unit`. */
export type Metrics = {
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  /** Latency histogram; unit milliseconds, say so in the name (`..._ms`). */
  histogram<L extends string = never>(name: string, help: string, labels?: readonly L[], bucketsMs?: readonly number[]): Histogram<L>;
  /** Exposition format. */
  render(): Promise<string>;
  readonly contentType: string;
};

/** Creates the registry of a worker. */
export function createMetrics(unit: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ unit });
  const base = (name: string, help: string) => ({ name: `mainspring_${name}`, help, registers: [registry] });
  const memory = new Gauge({ ...base('resident_memory_bytes', 'Resident memory of the process'), collect() { this.set(process.memoryUsage.rss()); } });
  const uptime = new Gauge({ ...base('uptime_seconds', 'Seconds since the process began'), collect() { this.set(process.uptime()); } });
  registry.registerMetric(memory);
  registry.registerMetric(uptime);
  return {
    counter: (name, help, labels = []) => new Counter({ ...base(name, help), labelNames: [...labels] }),
    gauge: (name, help, labels = []) => new Gauge({ ...base(name, help), labelNames: [...labels] }),
    histogram: (name, help, labels = [], bucketsMs = LATENCY_BUCKETS_MS) => new Histogram({ ...base(name, help), labelNames: [...labels], buckets: [...bucketsMs] }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
