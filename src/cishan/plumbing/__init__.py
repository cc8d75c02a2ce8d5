"""I/O without domain: database, queue, forms, web shell, migrations, PDF, QR codes."""
