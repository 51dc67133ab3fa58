ALTER TABLE subject ADD PRIMARY KEY (key);
ANALYZE subject;
