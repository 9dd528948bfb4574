"""The handlers of all addresses: read the request, call a flow, show a page."""
