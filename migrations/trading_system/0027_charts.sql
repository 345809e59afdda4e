-- Saved looks of charts, and what people drew on them. Writer: analytics.
CREATE TABLE analytics.chart_layouts (
  layout_id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('layout', 'template')),
  name text NOT NULL CHECK (name <> ''),
  look jsonb NOT NULL,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX chart_layouts_by_name ON analytics.chart_layouts (kind, lower(name));
CREATE UNIQUE INDEX chart_layouts_default ON analytics.chart_layouts (is_default) WHERE is_default;

-- points: [{time: epoch ms, price: dollars as traded}], so that a drawing stays in its place in every timeframe and in every view of the prices.
CREATE TABLE analytics.chart_drawings (
  drawing_id text PRIMARY KEY,
  symbol text NOT NULL,
  kind text NOT NULL,
  points jsonb NOT NULL,
  colour text,
  words text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON analytics.chart_drawings (symbol, created_at);
