"""Pages for people, served as they stand: HTML, CSS and JavaScript without a build."""
