"""How the site speaks to people: messages, mails, dates, words."""
