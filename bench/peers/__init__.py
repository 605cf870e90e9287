"""What a Django project would use in place of boltkeys, put together as its documentation says."""
