-- Rows that are written anew with every bar keep room beside them, so that the new version stays on its page and no index moves (HOT).
-- Without it each update left a dead index entry behind, and the table grew to forty times its size within an hour of market.
ALTER TABLE strategy_engine.strategy_state SET (fillfactor = 40);
ALTER TABLE data_ingestion.ingestion_status SET (fillfactor = 40);
