"""The shape of the database: tables, engine, records, and how arrays become blobs."""
