DROP INDEX subject_by_number;
ALTER TABLE subject DROP CONSTRAINT subject_pkey;
ALTER TABLE fact DROP CONSTRAINT fact_pkey;
ALTER TABLE owner DROP CONSTRAINT owner_pkey;
DROP INDEX owner_by_id;
ALTER TABLE document DROP CONSTRAINT document_pkey;
ALTER TABLE open_item DROP CONSTRAINT open_item_pkey;
ALTER TABLE holder DROP CONSTRAINT holder_pkey;
DROP INDEX holder_by_party;
ALTER TABLE decision DROP CONSTRAINT decision_pkey;
ALTER TABLE former DROP CONSTRAINT former_pkey;
ALTER TABLE written DROP CONSTRAINT written_pkey;
ALTER TABLE member DROP CONSTRAINT member_pkey;
DROP INDEX member_by_cluster;
CREATE UNLOGGED TABLE search_load (
    party text COLLATE "C",
    text  bytea,
    words text
);
