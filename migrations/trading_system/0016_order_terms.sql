-- Orders of all types and classes: their terms, their legs, the orders that take another's place, and orders found at the broker.
ALTER TABLE execution.orders
  ADD COLUMN order_class text NOT NULL DEFAULT 'simple' CHECK (order_class IN ('simple', 'bracket', 'oco', 'oto')),
  ADD COLUMN role text NOT NULL DEFAULT 'order' CHECK (role IN ('order', 'take_profit', 'stop_loss')),
  -- A leg that the broker made of an order names it; an order that takes another's place names that.
  ADD COLUMN parent_order_id text REFERENCES execution.orders,
  ADD COLUMN replaces_order_id text REFERENCES execution.orders,
  ADD COLUMN extended_hours boolean NOT NULL DEFAULT false,
  ADD COLUMN stop_price numeric(24,9) CHECK (stop_price > 0),
  ADD COLUMN trail_price numeric(24,9) CHECK (trail_price > 0),
  ADD COLUMN trail_percent numeric(24,9) CHECK (trail_percent > 0),
  -- Exits of a bracket or a one-triggers-other, and the stop of a one-cancels-other, as they were asked for.
  ADD COLUMN take_profit_limit numeric(24,9) CHECK (take_profit_limit > 0),
  ADD COLUMN stop_loss_stop numeric(24,9) CHECK (stop_loss_stop > 0),
  ADD COLUMN stop_loss_limit numeric(24,9) CHECK (stop_loss_limit > 0);
ALTER TABLE execution.orders DROP CONSTRAINT orders_source_check, DROP CONSTRAINT orders_type_check, DROP CONSTRAINT orders_check, DROP CONSTRAINT orders_decision_id_key;
ALTER TABLE execution.orders
  ADD CONSTRAINT orders_source_check CHECK (source IN ('strategy', 'manual', 'risk', 'broker')),
  ADD CONSTRAINT orders_type_check CHECK (type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')),
  ADD CONSTRAINT orders_limit_check CHECK ((type IN ('limit', 'stop_limit')) = (limit_price IS NOT NULL)),
  ADD CONSTRAINT orders_stop_check CHECK (type NOT IN ('stop', 'stop_limit') OR stop_price IS NOT NULL),
  ADD CONSTRAINT orders_trail_check CHECK ((type = 'trailing_stop') = (num_nonnulls(trail_price, trail_percent) = 1)),
  ADD CONSTRAINT orders_leg_check CHECK ((role = 'order') = (parent_order_id IS NULL));
-- One decision, one order: its legs share the decision.
CREATE UNIQUE INDEX orders_decision ON execution.orders (decision_id) WHERE parent_order_id IS NULL;
CREATE UNIQUE INDEX orders_leg ON execution.orders (parent_order_id, role, broker_order_id) WHERE parent_order_id IS NOT NULL;
CREATE INDEX ON execution.orders (replaces_order_id) WHERE replaces_order_id IS NOT NULL;

-- Everything behind a decision: the terms that were asked for, the order it replaces (client order id), its inputs with their ages and the steps of its sizing.
ALTER TABLE risk_management.risk_decisions
  ADD COLUMN terms jsonb,
  ADD COLUMN replaces text,
  ADD COLUMN record jsonb;
