// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

/// A client that has lost a connection has nothing of the old one carried out after the new one's work.
@Suite struct OlderSessionTests {
    let directory = TemporaryDirectory()

    private func name() -> Bytes {
        (0..<SessionExtension.nameBytes).map { _ in UInt8.random(in: 0...(.max)) }[...]
    }

    private func start(_ arguments: String = "") throws -> ServerProcess {
        try ServerProcess(ServerProcess.ours, in: directory.path, arguments: arguments)
    }

    private func begin(
        _ server: ServerProcess, _ name: Bytes, after older: [SessionAddress] = []
    ) throws -> SessionAnswer? {
        let request = SessionRequest(name: name, older: older)
        return SessionAnswer(try server.initialize([request.pair]).extensions)
    }

    @Test func olderSessionHasEndedBeforeTheNewOneIsAnswered() throws {
        let (first, second) = (try start(), try start())
        let firstName = name()
        let place = try #require(try begin(first, firstName)).place
        let answer = try begin(
            second, name(), after: [SessionAddress(place: place, name: firstName)])
        #expect(answer == SessionAnswer(place: place, olderHaveEnded: true))
        #expect(first.hasEnded)
    }

    /// As one is that a disk holds up: what it has received waits, and is never carried out.
    @Test func stoppedSessionDoesNotGoOnWithWhatItHasReceived() throws {
        let (first, second) = (try start(), try start())
        let firstName = name()
        let place = try #require(try begin(first, firstName)).place
        first.stop()
        try first.send(SFTPRequest.mkdir(path: bytes("late"), attributes: .init()).encode(id: 1))
        let answer = try begin(
            second, name(), after: [SessionAddress(place: place, name: firstName)])
        #expect(answer?.olderHaveEnded == true)
        #expect(first.hasEnded)
        #expect(directory.shell("ls") == "")
    }

    @Test func sessionThatHasEndedByItselfIsToldToHaveEnded() throws {
        let firstName = name()
        var first: ServerProcess? = try start()
        let place = try #require(try first.flatMap { try begin($0, firstName) }).place
        first = nil
        let answer = try begin(
            try start(), name(), after: [SessionAddress(place: place, name: firstName)])
        #expect(answer?.olderHaveEnded == true)
    }

    @Test func whatRanElsewhereIsNotToldToHaveEnded() throws {
        let server = try start()
        let answer = try begin(
            server, name(), after: [SessionAddress(place: bytes("elsewhere"), name: name())])
        #expect(answer?.olderHaveEnded == false)
        #expect(try server.ask(.realpath(path: bytes("."))) != .status(SFTPStatus(.failure)))
    }

    @Test func otherSessionsGoOn() throws {
        let (first, other, second) = (try start(), try start(), try start())
        let firstName = name()
        let place = try #require(try begin(first, firstName)).place
        _ = try begin(other, name())
        _ = try begin(second, name(), after: [SessionAddress(place: place, name: firstName)])
        guard case .name = try other.ask(.realpath(path: bytes("."))) else {
            Issue.record("the other session does not answer")
            return
        }
    }

    @Test func sessionDoesNotEndItself() throws {
        let server = try start()
        let name = name()
        let place = try #require(try begin(try start(), self.name())).place
        let answer = try begin(server, name, after: [SessionAddress(place: place, name: name)])
        #expect(answer?.olderHaveEnded == false)
        #expect(!server.hasEnded)
    }

    @Test func oneNameIsOneSessions() throws {
        let (first, second) = (try start(), try start())
        let name = name()
        #expect(try begin(first, name) != nil)
        #expect(try begin(second, name) == nil)
    }

    @Test(arguments: ["-R", "-P session@hawser", "-p realpath"])
    func policyRefusesIt(arguments: String) throws {
        #expect(try begin(try start(arguments), name()) == nil)
    }

    @Test func policyAllowsIt() throws {
        #expect(try begin(try start("-p realpath,session@hawser"), name()) != nil)
    }

    @Test(arguments: [
        [], [0, 0, 0], [0, 0, 0, 1, 7],
        [0, 0, 0, 16] + [UInt8](repeating: 1, count: 16) + [0, 0, 0, 9],
        [0, 0, 0, 16] + [UInt8](repeating: 1, count: 16) + [0, 0, 0, 0, 0, 0, 0, 1, 7],
    ])
    func whatIsBadlyFormedIsPassedOver(data: [UInt8]) throws {
        let pair = SFTPVersion.ExtensionPair(name: SessionExtension.name, data: data[...])
        #expect(SessionRequest([pair]) == nil)
        #expect(SessionAnswer(try start().initialize([pair]).extensions) == nil)
    }

    /// In memory several sessions share a process, and none may end it.
    @Test func sessionInASharedProcessDoesNotOfferIt() throws {
        let session = try TestSession(isInitialized: false)
        let request = SessionRequest(name: name())
        let answer = try session.send(
            SFTPClientMessage.initialize(version: 3, extensions: [request.pair]).encode())
        guard case .version(let version)? = answer.first else { throw Unexpected("\(answer)") }
        #expect(SessionAnswer(version.extensions) == nil)
    }
}
