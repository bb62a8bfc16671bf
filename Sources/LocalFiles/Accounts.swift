// SPDX-License-Identifier: Apache-2.0

import Glibc
internal import SFTPProtocol
public import Wire

/// The names and homes of users and groups, as the system's name services know them.
///
/// Names are remembered: a directory has many files of few owners.
public final class Accounts {
    /// The most names remembered, since a peer can ask for as many as there are numbers.
    private static let namesKept = 1024
    /// The room for an entry's texts in the system's answer, in bytes.
    private static let entryBytes = 16 << 10

    private var userNames: [UInt32: Bytes?] = [:]
    private var groupNames: [UInt32: Bytes?] = [:]

    /// Knows nothing yet.
    public init() {}

    /// The user that this process runs for.
    public static var currentUser: UInt32 { getuid() }

    /// The name of a user, if it has one.
    public func userName(_ uid: UInt32) -> Bytes? {
        if let known = userNames[uid] { return known }
        if userNames.count >= Self.namesKept { userNames = [:] }
        let name = Self.user(number: uid)?.name
        userNames[uid] = .some(name)
        return name
    }

    /// The name of a group, if it has one.
    public func groupName(_ gid: UInt32) -> Bytes? {
        if let known = groupNames[gid] { return known }
        if groupNames.count >= Self.namesKept { groupNames = [:] }
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        var texts = [CChar](repeating: 0, count: Self.entryBytes)
        let failed = unsafe getgrgid_r(gid, &entry, &texts, texts.count, &found)
        let isKnown = unsafe failed == 0 && found != nil
        let name = isKnown ? unsafe bytes(of: entry.gr_name) : nil
        groupNames[gid] = .some(name)
        return name
    }

    /// The name and home directory of a user by number.
    public static func user(number: UInt32) -> (name: Bytes, home: Bytes)? {
        unsafe lookUp { entry, texts, count, found in
            unsafe getpwuid_r(number, entry, texts, count, found)
        }
    }

    /// The name and home directory of a user by name.
    public static func user(named name: Bytes) -> (name: Bytes, home: Bytes)? {
        try? unsafe withPathPointer(name) { name throws(Errno) in
            unsafe lookUp { entry, texts, count, found in
                unsafe getpwnam_r(name, entry, texts, count, found)
            }
        }
    }

    private static func lookUp(
        _ call: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> (name: Bytes, home: Bytes)? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: entryBytes)
        return unsafe texts.withUnsafeMutableBufferPointer { texts in
            guard let start = texts.baseAddress,
                unsafe call(&entry, start, texts.count, &found) == 0, unsafe found != nil
            else { return nil }
            return unsafe (bytes(of: entry.pw_name), bytes(of: entry.pw_dir))
        }
    }
}
