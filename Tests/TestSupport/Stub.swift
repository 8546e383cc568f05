enum StubSupport {}
