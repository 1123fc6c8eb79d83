import Testing

/// Tests that keep the machine busy: one after the other.
@Suite(.serialized) enum LoadTests {}
