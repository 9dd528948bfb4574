"""The relay and ICE servers, as calls use them."""
