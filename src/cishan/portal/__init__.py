"""The pages that belong to no procedure: home, about, help, display and language, health, sitemap."""
