-- The version of the fold that the views were derived by; those from before it was kept are of version 1. What is made anew gets
-- the program's own.
INSERT INTO meta (name, value) SELECT 'fold', '1' FROM meta WHERE name = 'rules' ON CONFLICT DO NOTHING;
