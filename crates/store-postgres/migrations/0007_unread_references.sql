-- What has no owner (products, stocks) keeps no references, since nobody reads them. The tables are the same: the program, which
-- can read a state, brings the rows into the form of now.
SELECT 1;
