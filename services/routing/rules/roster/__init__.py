"""The roster: officers, their training, their duty, and who staffs the roles."""
