package io.msgtrans.reactive.samples.gateway;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Stands for a service that speaks HTTP only; keeps the first thousand notes. */
@RestController
final class Archive {

    private static final int MOST = 1000;

    private final List<Note> notes = new CopyOnWriteArrayList<>();

    /** The number of a note. */
    record Receipt(int number) {}

    @PostMapping("/archive")
    Receipt keep(@RequestBody Note note) {
        if (notes.size() >= MOST) {
            throw new IllegalStateException("the archive is full");
        }
        notes.add(note);
        return new Receipt(notes.size());
    }

    @GetMapping("/archive")
    List<Note> kept() {
        return notes;
    }
}
