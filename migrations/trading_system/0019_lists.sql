-- Lists that people page through: orders by the instant they were made (exact, also within one transaction), and what each fill closed.
CREATE INDEX orders_newest ON execution.orders (created_at, approved_seq, order_id);
CREATE INDEX lot_closures_by_fill ON execution.lot_closures (closed_seq);
