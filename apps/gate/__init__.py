"""The hot path. It has no models and no SQL: `gate.configure` is told how a record is loaded."""
