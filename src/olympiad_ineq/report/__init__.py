"""The page that people read: one offline HTML file, a summary in Markdown, a terminal table."""
