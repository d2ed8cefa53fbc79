"""What policies decided should follow: the table of jobs, who fills it and who carries them out."""
