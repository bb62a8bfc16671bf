// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import SFTPClient
import SSHClient
import SSHConfig
import SSHProtocol
import Testing

@testable import EventLoop
@testable import hawser

@Suite struct DoctorTests {
    private static let endpoint = Endpoint(host: "example.org", port: 2022)

    /// Each error that may keep a connection from being made, and what its remedy names.
    private static let remedies: [(any Error & Sendable, named: String)] = [
        (SSHClientError.configuration(endpoint, "x"), "hawser config alias"),
        (SSHClientError.unknownHost(endpoint, "x"), "getent hosts example.org"),
        (notConnected(ECONNREFUSED), "start an SSH server"),
        (notConnected(EHOSTUNREACH), "firewall"),
        (notConnected(ETIMEDOUT), "-J"),
        (SSHClientError.proxyFailed(endpoint, "x"), "run the ProxyCommand"),
        (SSHClientError.timedOut(endpoint, .handshake), "MaxStartups"),
        (SSHClientError.timedOut(endpoint, .login), "name server"),
        (ended(.versionExchangeFailed), "-p"),
        (ended(.noCommonAlgorithm), "Ciphers"),
        (ended(.connectionLost), "server's log"),
        (
            refused(.changed(knownAt: "/f line 3", fingerprint: "x")),
            "ssh-keygen -R '[example.org]:2022'"
        ),
        (refused(.addressDiffers(knownAt: "/f line 3")), "/f line 3"),
        (refused(.revoked(at: "x")), "do not connect"),
        (refused(.unknown(fingerprint: "x", certificate: nil)), "StrictHostKeyChecking=accept-new"),
        (refused(.notRememberable(fingerprint: "x")), "UserKnownHostsFile"),
        (refused(.other(fingerprint: "x")), "administrator"),
        (refused(.declined), "compare the fingerprint"),
        (refused(.tooShort(bits: 1, required: 2)), "RequiredRSASize"),
        (refused(.unreliableFiles("x")), "bad lines"),
        (denied(["publickey", "password"]), "ssh-copy-id me@alias"),
        (denied(["password"]), "PubkeyAuthentication"),
        (SSHClientError.channelRefused(endpoint, "x"), "Subsystem sftp"),
        (SSHClientError.programFailed(endpoint, "x"), "sftp_server"),
        (SFTPError.protocolViolation(reason: "x"), "~/.bashrc"),
        (SFTPError.connectionLost(reason: "x"), "Subsystem sftp"),
        (TimeoutError(), "ForceCommand"),
        (SSHConfigError(.unreadableFile, "x"), "chmod go-w"),
        (
            SSHConfigError(.syntax, at: ConfigurationLocation(file: "/c", line: 1), "x"),
            "correct /c"
        ),
        (SSHConfigError(.invalidValue, "x"), "ssh_config(5)"),
    ]

    private static func notConnected(_ code: CInt) -> SSHClientError {
        let error = SystemError(call: "connect", code: code)
        return .notConnected(endpoint, [DialError.Failure(address: "::1", error: error)])
    }

    private static func ended(_ code: SSHError.Code) -> SSHClientError {
        .ended(endpoint, .handshake, SSHError(code, "x"))
    }

    private static func refused(_ refusal: HostKeyRefusal) -> SSHClientError {
        .hostKeyRefused(endpoint, refusal)
    }

    private static func denied(_ methods: [String]) -> SSHClientError {
        .permissionDenied(endpoint, user: "me", methods: methods, summary: "x")
    }

    @Test(arguments: remedies.indices)
    func namesTheRemedyForEachError(index: Int) {
        let (error, name) = Self.remedies[index]
        let remedy = Remedy(host: "alias").text(for: error)
        #expect(remedy.contains(name), "\(error): \(remedy)")
    }

    @Test func sendsUsersOfAProxyCommandToIt() {
        let remedy = Remedy(host: "alias", usesProxyCommand: true)
        #expect(remedy.text(for: Self.ended(.connectionLost)).contains("run the ProxyCommand"))
    }

    @Test func linesHoldNothingThatSteersATerminal() {
        let finding = Finding.problem("a\u{1B}[2Jb", remedy: "c\nd")
        #expect(finding.lines == "PROBLEM  a\\u{1B}[2Jb\n         to do: c\\u{A}d")
        #expect(Finding.good("fine").lines == "ok       fine")
    }
}

/// What this machine lacks for mounting, planted in a directory.
@Suite struct FUSEExaminationTests {
    private let folder: TemporaryDirectory
    private let loop: EpollLoop

    init() throws {
        folder = try TemporaryDirectory()
        loop = try EpollLoop()
    }

    private func write(_ text: String, to name: String, mode: mode_t) throws {
        let number = unsafe open("\(folder.path)/\(name)", O_WRONLY | O_CREAT, mode)
        try #require(number >= 0)
        defer { close(number) }
        let bytes = Array(text.utf8)
        let count = unsafe Glibc.write(number, bytes, bytes.count)
        #expect(count == bytes.count)
        #expect(fchmod(number, mode) == 0)
    }

    private func findings(isRoot: Bool) -> [Finding] {
        FUSEExamination(
            world: SystemWorld(loop: loop), device: "\(folder.path)/fuse",
            directories: [folder.path],
            configuration: "\(folder.path)/fuse.conf", isRoot: isRoot
        ).findings
    }

    private func remedies(of kind: Finding.Kind, isRoot: Bool = false) -> [String] {
        findings(isRoot: isRoot).filter { $0.kind == kind }.compactMap(\.remedy)
    }

    @Test func findsWhatIsMissing() {
        let problems = remedies(of: .problem)
        #expect(problems.count == 2)
        #expect(problems[0].contains("modprobe fuse"))
        #expect(problems[1].contains("apt-get install fuse3"))
        #expect(remedies(of: .note)[0].contains("user_allow_other"))
    }

    @Test func rootMountsWithoutAHelper() {
        #expect(remedies(of: .problem, isRoot: true).count == 1)
        #expect(remedies(of: .note, isRoot: true)[0].contains("apt-get install fuse3"))
    }

    @Test func findsAHelperThatHelpsNobody() throws {
        try write("", to: "fuse", mode: 0o600)
        try write("#!/bin/sh\n", to: "fusermount3", mode: 0o755)
        #expect(
            remedies(of: .problem) == remedies(of: .problem).filter { $0.contains("chmod u+s") })
        #expect(remedies(of: .problem).count == 1)
    }

    @Test func findsNothingWhereAllIsThere() throws {
        try write("", to: "fuse", mode: 0o600)
        try write("# a comment\nuser_allow_other\n", to: "fuse.conf", mode: 0o644)
        try write("#!/bin/sh\n", to: "fusermount3", mode: 0o755)
        #expect(remedies(of: .problem, isRoot: true).isEmpty)
        #expect(remedies(of: .note).isEmpty)
    }

    @Test func readsNoCommentAsALine() throws {
        try write("#user_allow_other\n", to: "fuse.conf", mode: 0o644)
        #expect(remedies(of: .note).count == 1)
    }
}
