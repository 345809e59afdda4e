-- jsonb sorts the keys of an object; the form of a flow's parameters shows them in the order in which its author wrote them.
ALTER TABLE flows.deployments ALTER COLUMN definition TYPE json USING definition::json;
