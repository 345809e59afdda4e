-- A difference of its own: the same order on both sides, of which the market gave live a part.
ALTER TABLE analytics.parity_differences DROP CONSTRAINT parity_differences_kind_check;
ALTER TABLE analytics.parity_differences ADD CONSTRAINT parity_differences_kind_check CHECK (kind IN ('missing', 'extra', 'size', 'price', 'time', 'denied', 'partial'));
