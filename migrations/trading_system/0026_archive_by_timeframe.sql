-- A width of a month of bars is what is put away: minutes leave the book after two years, days never. Writer: data_ingestion.

-- timeframe '*': files of the first form hold all widths of their month. content_sha256: of the rows as text, whatever the file's form; null where it was not taken.
ALTER TABLE data_ingestion.archived_months
  ADD COLUMN timeframe text NOT NULL DEFAULT '*' CHECK (timeframe IN ('*', '1Min', '5Min', '15Min', '1Hour', '1Day')),
  ADD COLUMN content_sha256 text;
ALTER TABLE data_ingestion.archived_months ALTER COLUMN timeframe DROP DEFAULT;
ALTER TABLE data_ingestion.archived_months DROP CONSTRAINT archived_months_pkey, ADD PRIMARY KEY (month, timeframe);

DROP FUNCTION data_ingestion.drop_month(date, bigint);

-- Takes one width of a month out of the book, when the ledger says that its rows are in a file, the month still has exactly so many, and none was changed since they were written
-- (expected_revisions: the sum over the width's series). Returns the rows found, -1 when some were changed or came meanwhile: with anything but expected_rows nothing was done.
-- The other widths are copied into a table of their own, which takes the month's place: nothing dead stays behind. Readers and writers of bars go on during the copy and wait only
-- while the rows are counted once more and the tables change places.
CREATE FUNCTION data_ingestion.drop_bars(month date, width text, expected_rows bigint, expected_revisions bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = data_ingestion, pg_temp SET lock_timeout = '2s' AS $$
DECLARE first_day date := date_trunc('month', month)::date;
DECLARE part text := 'market_data_' || to_char(first_day, 'YYYY_MM');
DECLARE revisions_before bigint := (SELECT coalesce(sum(revisions), 0) FROM ingestion_status);
DECLARE copied_rows bigint;
DECLARE found_rows bigint;
DECLARE other_rows bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM archived_months a WHERE a.month = first_day AND a.timeframe = width AND a.rows = expected_rows AND a.state = 'archived') THEN
    RAISE EXCEPTION 'the ledger of archives does not hold % of % with % rows', width, first_day, expected_rows;
  END IF;
  IF to_regclass('data_ingestion.' || part) IS NULL THEN
    RETURN 0;
  END IF;
  EXECUTE format('CREATE TABLE data_ingestion.%I (LIKE data_ingestion.%I INCLUDING ALL)', part || '_kept', part);
  EXECUTE format('INSERT INTO data_ingestion.%I SELECT * FROM data_ingestion.%I WHERE timeframe <> $1 ORDER BY symbol, timeframe, open_time', part || '_kept', part) USING width;
  GET DIAGNOSTICS copied_rows = ROW_COUNT;
  -- The parent first, as every writer does: in the other order a late bar and we would wait for each other.
  LOCK TABLE ONLY market_data IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('SELECT count(*) FILTER (WHERE timeframe = $1), count(*) FILTER (WHERE timeframe <> $1) FROM data_ingestion.%I', part) INTO found_rows, other_rows USING width;
  IF other_rows <> copied_rows OR (SELECT coalesce(sum(revisions), 0) FROM ingestion_status) <> revisions_before
    OR (SELECT coalesce(sum(revisions), 0) FROM ingestion_status WHERE timeframe = width) <> expected_revisions THEN
    found_rows := -1;
  END IF;
  IF found_rows <> expected_rows THEN
    EXECUTE format('DROP TABLE data_ingestion.%I', part || '_kept');
    RETURN found_rows;
  END IF;
  EXECUTE format('ALTER TABLE data_ingestion.market_data DETACH PARTITION data_ingestion.%I', part);
  EXECUTE format('DROP TABLE data_ingestion.%I', part);
  IF other_rows = 0 THEN
    EXECUTE format('DROP TABLE data_ingestion.%I', part || '_kept');
  ELSE
    EXECUTE format('ALTER TABLE data_ingestion.%I RENAME TO %I', part || '_kept', part);
    EXECUTE format('ALTER INDEX data_ingestion.%I RENAME TO %I', part || '_kept_pkey', part || '_pkey');
    EXECUTE format('ALTER TABLE data_ingestion.market_data ATTACH PARTITION data_ingestion.%I FOR VALUES FROM (%L) TO (%L)',
      part, first_day::timestamp AT TIME ZONE 'UTC', (first_day + interval '1 month')::timestamp AT TIME ZONE 'UTC');
  END IF;
  RETURN found_rows;
END $$;
