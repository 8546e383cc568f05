enum StubUnderstudyAdmin {}
