"""What our routes answer over HTTPS, as models: `described` writes them into OpenAPI, with the example beside each.

Answers are made of rows and states, not of these; a test holds the two together. Readers are told to ignore what
they do not know, so a field may come; one that is here may not go.
"""
