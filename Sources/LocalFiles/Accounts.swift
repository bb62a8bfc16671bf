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
    /// The room for an entry's texts in the system's answer, in bytes: at first, and at most, for groups with
    /// very many members.
    private static let entryBytes = (first: 16 << 10, most: 4 << 20)

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
        let name = unsafe Self.group(
            { unsafe getgrgid_r(gid, $0, $1, $2, $3) }, { unsafe bytes(of: $0.gr_name) })
        groupNames[gid] = .some(name)
        return name
    }

    /// The name and home directory of a user by number.
    public static func user(number: UInt32) -> (name: Bytes, home: Bytes)? {
        unsafe user({ unsafe getpwuid_r(number, $0, $1, $2, $3) }, nameAndHome)
    }

    /// The name and home directory of a user by name.
    public static func user(named name: Bytes) -> (name: Bytes, home: Bytes)? {
        unsafe user(named: name, nameAndHome)
    }

    /// The number of a user.
    public static func number(ofUser name: Bytes) -> UInt32? {
        unsafe user(named: name) { unsafe $0.pw_uid }
    }

    /// The number of a group.
    public static func number(ofGroup name: Bytes) -> UInt32? {
        try? unsafe withPathPointer(name) { name throws(Errno) in
            unsafe group({ unsafe getgrnam_r(name, $0, $1, $2, $3) }, { unsafe $0.gr_gid })
        }
    }

    private static func nameAndHome(_ entry: passwd) -> (name: Bytes, home: Bytes) {
        unsafe (bytes(of: entry.pw_name), bytes(of: entry.pw_dir))
    }

    // MARK: Asking

    /// One of getpwnam_r(3) and its like: where to put the entry, where its texts and how much room there is
    /// for them, and where to tell that there is one.
    private typealias Call<Entry> = (
        UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32

    private static func user<Value>(named name: Bytes, _ value: (passwd) -> Value) -> Value? {
        try? unsafe withPathPointer(name) { name throws(Errno) in
            unsafe user({ unsafe getpwnam_r(name, $0, $1, $2, $3) }, value)
        }
    }

    private static func user<Value>(_ call: Call<passwd>, _ value: (passwd) -> Value) -> Value? {
        unsafe lookUp(passwd(), call, value)
    }

    private static func group<Value>(
        _ call: Call<Glibc.group>, _ value: (Glibc.group) -> Value
    ) -> Value? {
        unsafe lookUp(Glibc.group(), call, value)
    }

    /// - Parameter value: takes what is wanted from an entry, whose texts are gone afterwards.
    private static func lookUp<Entry, Value>(
        _ empty: Entry, _ call: Call<Entry>, _ value: (Entry) -> Value
    ) -> Value? {
        var entry = empty
        var count = entryBytes.first
        while count <= entryBytes.most {
            var texts = [CChar](repeating: 0, count: count)
            var found: UnsafeMutablePointer<Entry>?
            let (error, result) = unsafe texts.withUnsafeMutableBufferPointer { texts in
                // Never nil: there is room.
                guard let start = texts.baseAddress else { return (ENOMEM, Value?.none) }
                let error = unsafe call(&entry, start, texts.count, &found)
                return unsafe (error, error == 0 && found != nil ? value(entry) : nil)
            }
            guard error == ERANGE else { return result }
            count *= 4
        }
        return nil
    }
}
