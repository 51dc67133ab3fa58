ALTER TABLE fact ADD PRIMARY KEY (subject, id);
ANALYZE fact;
