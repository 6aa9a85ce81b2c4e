import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus metrics of this process. Labels are route patterns, never addresses with ids. */
export type Metrics = {
  observeRequest(method: string, route: string, status: number, seconds: number): void
  observeJob(task: string, outcome: 'done' | 'failed', seconds: number): void
  /** Registers a figure that is read when somebody asks. */
  gauge(name: string, help: string, read: () => Promise<number>): void
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'zaguan_' })
  const requests = new Histogram({
    name: 'zaguan_http_request_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const jobs = new Counter({
    name: 'zaguan_jobs_total',
    help: 'Background jobs by outcome',
    labelNames: ['task', 'outcome'],
    registers: [registry],
  })
  const jobSeconds = new Counter({
    name: 'zaguan_job_seconds_total',
    help: 'Time spent in background jobs',
    labelNames: ['task'],
    registers: [registry],
  })
  const series = new Map<string, ReturnType<typeof requests.labels>>()
  return {
    observeRequest(method, route, status, seconds) {
      const key = `${method} ${route} ${status}`
      let known = series.get(key)
      if (!known) {
        known = requests.labels(method, route, String(status))
        series.set(key, known)
      }
      known.observe(seconds)
    },
    observeJob(task, outcome, seconds) {
      jobs.labels(task, outcome).inc()
      jobSeconds.labels(task).inc(seconds)
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          this.set(await read())
        },
      })
    },
    text: () => registry.metrics(),
  }
}
