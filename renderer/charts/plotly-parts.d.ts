/** The parts of Plotly that we bundle; the package types its whole only. */
declare module 'plotly.js/lib/core' {
  const Plotly: {
    register(parts: readonly unknown[]): void;
    newPlot(element: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
    react(element: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
    purge(element: HTMLElement): void;
    readonly Plots: { resize(element: HTMLElement): void };
  };
  export = Plotly;
}
declare module 'plotly.js/lib/bar' {
  const part: unknown;
  export = part;
}
declare module 'plotly.js/lib/treemap' {
  const part: unknown;
  export = part;
}
declare module 'plotly.js/lib/heatmap' {
  const part: unknown;
  export = part;
}
