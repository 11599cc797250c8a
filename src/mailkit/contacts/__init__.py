"""Contacts: a customer file becomes plain records, and a list of what is wrong with it.

Give it the export as it came, whatever its encoding and delimiter. A row that cannot be used
is left out and kept apart, with a finding that says which row, which column and why; every
other row becomes a dict that segments filter and letters are filled with.

>>> from mailkit import contacts
>>> found = contacts.read_csv('''Customer ID;E-mail;Name
... 17;Anna@Example.com;Anna
... 18;boris@;Boris
... 19;anna@example.com;Anna again
... ''', columns={"id": "Customer ID", "email": "E-mail", "name": "Name"}, required=["id", "email"])
>>> found.records
({'id': '17', 'email': 'Anna@example.com', 'name': 'Anna'},)
>>> print(found)
text: 3 rows, 1 record, 2 left out; findings: 1 error, 1 warning, 1 info
>>> for finding in found.errors:
...     print(finding)
error: text, row 3, field 'E-mail': it is not an address: there must be something after the @-sign ('boris@'); ...

Nothing here asks the network: whether mail for a domain arrives is a question for `mailkit.dns`.
"""

from __future__ import annotations

from mailkit.contacts.readers import read_csv, read_xlsx
from mailkit.contacts.records import Import, Rejected

__all__ = ["Import", "Rejected", "read_csv", "read_xlsx"]
