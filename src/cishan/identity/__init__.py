"""Who people are and how they come in: persons, accounts, sessions, codes; regions and organisations.

A person is kept once; an account opens the site for one person, or for an office of the charity. Codes go out
through the job `notify.send_code`, as messages stand above this slice.
"""
