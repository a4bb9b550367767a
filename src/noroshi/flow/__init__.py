"""The acts of a report's life. Each is one durable transaction; none calls another.

`send` -> `deliver` -> `receive` -> `acknowledge`; `directory` knows partners, `audit` proves,
`views` read. They reach the world only through :mod:`noroshi.flow.ports`.
"""
