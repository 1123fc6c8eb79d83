import Testing

@testable import Server

@Suite struct UpstreamRoomTests {
    private let room = UpstreamRoom()
    private let mailboxes: [Mailbox<WorkerMessage>]

    init() throws {
        mailboxes = try (0..<3).map { _ in try Mailbox() }
        for mailbox in mailboxes { room.join(mailbox) }
    }

    /// How often each worker has been asked since the last time.
    private var asked: [Int] {
        mailboxes.map { $0.takeAll().count { if case .makeRoom = $0 { true } else { false } } }
    }

    @Test func connectionsAreCounted() {
        for _ in 0..<5 { room.take() }
        for _ in 0..<2 { room.giveBack() }
        #expect(room.count == 3)
    }

    /// However often somebody is short of room, a worker has one message at a time to that effect.
    @Test func nobodyIsAskedAgainBeforeItSaysSo() {
        for _ in 0..<10 { room.ask(otherThan: 0) }
        #expect(asked == [0, 1, 1])
        room.ask(otherThan: 1)
        #expect(asked == [1, 0, 0], "the third one has not looked yet")
        room.mayBeAsked(2)
        room.ask(otherThan: 0)
        #expect(asked == [0, 0, 1])
        for index in mailboxes.indices { room.mayBeAsked(index) }
        room.ask(otherThan: nil)
        #expect(asked == [1, 1, 1])
    }
}
