"""errors.py: what is wrong with an input, as the user is told it."""


class StudyError(Exception):
    """What is wrong with the input: names the file, what was found, and what to do."""


def first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0].strip("'\"")
